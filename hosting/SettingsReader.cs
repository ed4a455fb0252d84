using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using KnapsackCloud.Core.Contracts;
using Microsoft.Extensions.Configuration;

namespace KnapsackCloud.Hosting;

/// <summary>
/// Reads options from a section of the configuration. The framework's binder stops at the first value it cannot read and
/// ignores names it does not know; here every mistake is found before anything starts.
/// </summary>
public static class SettingsReader
{
    /// <exception cref="InvalidInputException">Unknown names, values of the wrong form, broken rules: all of them, each with its place.</exception>
    public static T Read<T>(IConfiguration configuration, string section) where T : class, new()
    {
        var options = new T();
        var errors = new List<InputError>();
        Bind(options, configuration.GetSection(section), errors);
        Validate(options, section, errors, acrossMembers: errors.Count == 0);
        return errors.Count == 0 ? options : throw new InvalidInputException(errors);
    }

    private static void Bind(object options, IConfigurationSection section, List<InputError> errors)
    {
        var properties = options.GetType().GetProperties().Where(property => property.CanWrite).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (properties.TryGetValue(child.Key, out var property)) Set(options, property, child, errors);
            else errors.Add(new InputError(child.Path, $"is unknown here; there are {string.Join(", ", properties.Keys.Order(StringComparer.Ordinal))}"));
        }
    }

    private static void Set(object options, PropertyInfo property, IConfigurationSection setting, List<InputError> errors)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (IsGroup(type))
        {
            var group = property.GetValue(options) ?? Activator.CreateInstance(type)!;
            property.SetValue(options, group);
            Bind(group, setting, errors);
            return;
        }
        // Templates leave settings that do not apply empty.
        if (string.IsNullOrEmpty(setting.Value)) return;
        try
        {
            property.SetValue(options, TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, setting.Value));
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            errors.Add(new InputError(setting.Path, $"'{setting.Value}' is not {FormOf(type)}"));
        }
    }

    /// <param name="acrossMembers">Rules that look at several members too; about values that could not be read they would only confuse.</param>
    private static void Validate(object options, string place, List<InputError> errors, bool acrossMembers)
    {
        var context = new ValidationContext(options);
        var results = new List<ValidationResult>();
        foreach (var property in options.GetType().GetProperties().Where(property => property.CanWrite))
        {
            var value = property.GetValue(options);
            if (IsGroup(property.PropertyType) && value is not null) Validate(value, $"{place}:{property.Name}", errors, acrossMembers);
            else Validator.TryValidateValue(value!, new ValidationContext(options) { MemberName = property.Name }, results, property.GetCustomAttributes<ValidationAttribute>());
        }
        if (acrossMembers && options is IValidatableObject rules) results.AddRange(rules.Validate(context));
        errors.AddRange(results.Select(result => new InputError($"{place}:{string.Join(',', result.MemberNames)}", result.ErrorMessage ?? "is wrong")));
    }

    private static bool IsGroup(Type type) => type.IsClass && type != typeof(string);

    private static string FormOf(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))}"
        : type == typeof(TimeSpan) ? "a time such as 00:00:30"
        : type == typeof(bool) ? "true or false"
        : "a number in range";
}
